/** The list of fault injections, in the order of `docs/faults.md`. A new one is a file and a line here. */
import { clusterBrokerFull } from './cluster-broker-full.ts'
import { clusterBrokerHangs } from './cluster-broker-hangs.ts'
import { clusterBrokerKills, clusterWipes } from './cluster-broker-kills.ts'
import { clusterDrains } from './cluster-drains.ts'
import { clusterLink } from './cluster-link.ts'
import { clusterNodeKills } from './cluster-node-kills.ts'
import { clusterOfBrokers } from './cluster-of-brokers.ts'
import { clusterPartitions } from './cluster-partitions.ts'
import { clusterSimulations } from './cluster-simulations.ts'
import { clusterUpgrades } from './cluster-upgrades.ts'
import { damagedFiles } from './damaged-files.ts'
import type { FaultCase } from './fault-case.ts'
import { fullDisks } from './full-disks.ts'
import { kills } from './kills.ts'
import { memoryKills } from './memory-kills.ts'
import { powerCuts, powerCutsByTheStandard } from './power-cuts.ts'
import { simulations } from './simulations.ts'

export const FAULT_CASES: readonly FaultCase[] = [
  simulations,
  kills,
  memoryKills,
  powerCuts,
  powerCutsByTheStandard,
  fullDisks,
  damagedFiles,
  clusterSimulations,
  clusterNodeKills,
  clusterBrokerKills,
  clusterBrokerHangs,
  clusterWipes,
  clusterBrokerFull,
  clusterOfBrokers,
  clusterPartitions,
  clusterLink,
  clusterDrains,
  clusterUpgrades,
]

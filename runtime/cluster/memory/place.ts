/**
 * Where a namespace of the cluster's memory lives, and where its owner is asked. Pure, and the same on every node: a
 * namespace lies in the partition of `memory/<name>`, and whoever serves that partition owns it.
 */
import { createHash } from 'node:crypto'
import { isToken } from '../../../actors/address.ts'
import { memorySubject } from '../../../actors/subject.ts'
import { partitionOf } from '../placement.ts'

/** It may never change: what is stored lies where this says. */
export const memoryPartition = (space: string): number => partitionOf(`memory/${space}`)

/** Store of a partition in which its namespaces are. */
export const MEMORY_STORE = 'memory'

const HASHED = /^h_[0-9a-f]{32}$/

/**
 * The subject of a namespace's owner. A name that is no token is there as `h_` and 128 bits of its SHA-256, and so is
 * one that looks like that, so that no two share a subject.
 */
export function ownerSubject(namespace: string, space: string): string {
  const isFit = isToken(space) && !HASHED.test(space)
  const hash = () => `h_${createHash('sha256').update(space).digest('hex').slice(0, 32)}`
  return memorySubject(namespace, isFit ? space : hash())
}

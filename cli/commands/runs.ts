/** `agenticraft runs`: what was run here, and what becomes of it. Each subcommand is a file of its own. */
import type { Command } from '../command.ts'
import { resume } from './resume.ts'
import { runsAttach } from './runs/attach.ts'
import { runsCancel } from './runs/cancel.ts'
import { runsLs } from './runs/ls.ts'
import { runsRm } from './runs/rm.ts'
import { runsShow } from './runs/show.ts'
import { runsVerify } from './runs/verify.ts'

export const runs: Command = {
  name: 'runs',
  summary: 'list, show, end, verify and remove runs',
  subcommands: [runsLs, runsShow, runsAttach, runsCancel, resume, runsVerify, runsRm],
}

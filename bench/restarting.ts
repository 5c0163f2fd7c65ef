/**
 * Times a restart after `kill -9`: a process writes and is killed, another one starts on what it left behind.
 * Shared by the subjects of `recovery`, whose scripts are run with a role and a folder as their arguments.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Measured } from './scenario.ts'
import { UNFINISHED_RUNS } from './work.ts'

/** What the script sends: `write` has written all; `read` has all of it live, and then how many were right. */
export type Report = { readonly done: 'written' | 'live' } | { readonly right: number }

/** From starting the second process to its word that everything is live again. Throws when a process ends early. */
export async function restarted(script: string, folder: string): Promise<Measured> {
  const writer = start(script, 'write', folder)
  await writer.report()
  await writer.kill()

  const began = performance.now()
  const reader = start(script, 'read', folder)
  await reader.report()
  const ms = performance.now() - began
  const checked = await reader.report()
  await reader.kill()
  const answered = 'right' in checked ? checked.right : 0
  return { values: { 'start to live': ms }, asked: UNFINISHED_RUNS, answered }
}

interface Started {
  /** What it sends next. Throws when it ends before. */
  report(): Promise<Report>
  kill(): Promise<void>
}

function start(script: string, role: 'write' | 'read', folder: string): Started {
  const child = fork(script, [role, folder])
  const reports: Report[] = []
  let ended: string | undefined
  let wake: (() => void) | undefined
  child.on('message', message => {
    reports.push(message as Report)
    wake?.()
  })
  child.once('exit', (code, signal) => {
    ended = `the process told to ${role} ended with ${signal ?? code}`
    wake?.()
  })
  return {
    async report() {
      for (;;) {
        const next = reports.shift()
        if (next) return next
        if (ended !== undefined) throw new Error(ended)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    },
    async kill() {
      const over = once(child, 'exit')
      child.kill('SIGKILL')
      await over
    },
  }
}

/** Sends one report to the process that measures. */
export function tellParent(message: Report): void {
  if (!process.send) throw new Error('started without a process that measures it')
  process.send(message)
}

/** Called first by a script: it ends when the process that measures is gone. */
export const endWithParent = (): unknown => process.once('disconnect', () => process.exit(1))

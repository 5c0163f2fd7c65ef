/**
 * The program that is killed while it remembers: started by `memory-kills.ts` as `memory-kill-subject DIR LIFE ASKED`,
 * where ASKED is a file with the requests of earlier lives that were not answered. Prints what it asks before it asks,
 * and what it was answered after; never ends by itself.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Namespace } from '../../memory/memory.ts'
import { openKilledMemory, type Request, requestOf } from './memory-killed.ts'

const [dir = '', life = '0', asked = ''] = process.argv.slice(2)
const print = (line: string) => writeSync(1, `${line}\n`)
const memory = await openKilledMemory(dir)
const spaces = ['one', 'two'].map(name => memory.namespace(name))
const mine: { readonly space: Namespace; readonly id: string }[] = []
const chance = (): number => randomBytes(1)[0] as number

async function ask(request: Request): Promise<void> {
  const space = memory.namespace(request.space)
  print(`ask ${JSON.stringify(request)}`)
  const id = await space.remember(request.memory, { key: request.key, sync: chance() < 16 })
  print(`kept ${JSON.stringify({ key: request.key, id })}`)
  mine.push({ space, id })
}

async function remember(writer: number): Promise<void> {
  for (let n = 0; ; n++) {
    const space = spaces[n % spaces.length] as Namespace
    await ask(requestOf(space.name, `${life}.${writer}.${n}`, chance()))
    if (chance() < 200) await sleep(1)
  }
}

async function forget(): Promise<void> {
  for (;;) {
    await sleep(chance() / 20)
    const [one] = mine.splice(chance() % Math.max(1, mine.length), 1)
    if (!one) continue
    print(`forgetting ${one.id}`)
    await one.space.forget(one.id)
    print(`forgot ${one.id}`)
  }
}

/** Others do their work over and over, with pauses. */
async function again(pauseMs: number, work: (space: Namespace) => Promise<unknown>): Promise<void> {
  for (let n = 0; ; n++) {
    await work(spaces[n % spaces.length] as Namespace)
    await sleep((chance() / 128) * pauseMs)
  }
}

async function reword(space: Namespace): Promise<void> {
  const one = mine[chance() % Math.max(1, mine.length)]
  // One that is being forgotten is unknown by then.
  if (one?.space === space) await space.update(one.id, { importance: chance() / 255 }).catch(() => undefined)
}

print('ready')
for (const request of JSON.parse(readFileSync(asked, 'utf8')) as Request[]) await ask(request)
print('joined')
await Promise.all([
  ...[0, 1, 2, 3].map(remember),
  forget(),
  again(20, space => space.consolidate({ limit: 20 })),
  again(60, space => space.purge()),
  again(10, reword),
  again(10, space => space.recall('Ana Porto', { limit: 5 })),
])

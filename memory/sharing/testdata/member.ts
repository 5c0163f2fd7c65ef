/**
 * A process that shares a memory, for the tests with kill -9: `member.ts DIR NAME WRITERS`. Prints `open ROLE`, then
 * writes with WRITERS writers until it is killed, or told to stop on its standard input, and prints `ack ID TEXT` for
 * each memory once it is acknowledged. After `stop` it closes, and prints `closed ROLE`.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import { openMember } from './open-member.ts'

const [dir = '', name = '', writers = '0'] = process.argv.slice(2)
const print = (line: string): void => void process.stdout.write(`${line}\n`)

async function run(): Promise<void> {
  const memory = await openMember(dir)
  print(`open ${memory.role}`)
  let isStopping = false
  process.stdin.on('data', () => {
    isStopping = true
  })
  const space = memory.namespace('shared')
  const write = async (writer: number): Promise<void> => {
    for (let n = 1; !isStopping; n++) {
      const text = `${name}.${writer} wrote number ${n}.`
      const id = await space.remember({ text, who: name, session: `${name}.${writer}` })
      print(`ack ${id} ${text}`)
      if (n % 20 === 0) {
        const hits = await space.recall(text, { limit: 5 })
        print(`recalled ${hits.some(hit => hit.id === id)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: Number(writers) }, (_, i) => write(i)))
  while (!isStopping) await new Promise(resolve => setTimeout(resolve, 5))
  const { role } = memory
  await memory.close()
  print(`closed ${role}`)
  process.stdin.destroy()
}

try {
  await run()
} catch (error) {
  if (!(error instanceof RuntimeError)) throw error
  print(`refused ${error.kind} ${error.details?.['pid']} ${error.message}`)
  process.stdin.destroy()
}

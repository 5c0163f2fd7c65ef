/** A process that owns a memory until its stdin ends: remembers one thing, says so, and at the end what it then knows. */
import { text } from 'node:stream/consumers'
import { openMemory } from '../../runtime/open-memory.ts'

const [dir = ''] = process.argv.slice(2)
const memory = await openMemory({ dir })
const namespace = memory.namespace('shared')
await namespace.remember({ text: 'The owner keeps the lighthouse key under the blue stone', who: 'Owner' })
process.stderr.write('owns\n')
await text(process.stdin)
const { memories } = await namespace.list()
process.stdout.write(JSON.stringify({ role: memory.role, texts: memories.map(one => one.text) }))
await memory.close()

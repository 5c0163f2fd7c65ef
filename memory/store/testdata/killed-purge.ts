/**
 * A child process for a test of kill -9. `killed-purge.ts DIR NAME TEXT`: remembers the text in a namespace of its own,
 * forgets it and purges, and is killed when the purge has written its deletions and would compact.
 */
import { createCodec } from '../../../runtime/codec.ts'
import { openLevel } from '../../level.ts'
import { storeOn } from '../open-store.ts'
import { START } from './opened.ts'

const [dir = '', name = '', text = ''] = process.argv.slice(2)
const store = await openLevel(dir)
let made = 0
const memory = await storeOn(
  {
    ...store,
    compact: async () => {
      process.kill(process.pid, 'SIGKILL')
      await new Promise(() => {})
    },
  },
  { encoder: createCodec(), clock: () => START, ids: () => `killed-${++made}` },
)
const space = memory.namespace(name)
await space.remember({ text, who: text, session: text, source: text })
await space.forget({ since: 0 })
await space.purge()

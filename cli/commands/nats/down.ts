/** `agenticraft nats down`: stops the server of this data directory, wherever it was started. */
import type { Command } from '../../command.ts'
import { addDataDir, dataDirOf } from '../../data-dir.ts'

/** A server that is asked to go gets 10 s, and its supervisor a little more. */
const PATIENCE_MS = 20_000

export const natsDown: Command = {
  name: 'down',
  summary: 'stop the server that nats up runs for this data directory',
  configure: parser => void addDataDir(parser, 'whose server is meant'),
  async run(context) {
    const dataDir = dataDirOf(context)
    const { endLocalNats } = await import('../../nats-local.ts')
    const { pid, orphan } = await endLocalNats(dataDir, PATIENCE_MS)
    const stopped = pid !== undefined || orphan !== undefined
    context.terminal.show({ stopped, dataDir }, () => {
      if (!stopped) return `no server runs for ${dataDir}`
      return pid === undefined
        ? `the server of ${dataDir} has stopped; nobody looked after it any more`
        : `the server of ${dataDir} has stopped`
    })
    return undefined
  },
}

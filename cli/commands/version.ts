/** `agenticraft version`: the version, and with `--json` also that of Node and the platform, for reports. */

import { packageVersion } from '../../runtime/package-version.ts'
import type { Command } from '../command.ts'

export const version: Command = {
  name: 'version',
  summary: 'print the version',
  run({ terminal }) {
    const agenticraft = packageVersion()
    const { versions, platform, arch } = process
    terminal.show({ agenticraft, node: versions.node, platform, arch }, agenticraft)
    return undefined
  },
}

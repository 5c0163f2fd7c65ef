/** `agenticraft version`: the version, and with `--json` also that of Node and the platform, for reports. */
import type { Command } from '../command.ts'
import { packageVersion } from '../package-version.ts'

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

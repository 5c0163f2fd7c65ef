/**
 * `agenticraft journal`: backs up, restores and verifies what is kept. A backup is a data directory itself: any
 * command reads it with `--data-dir`.
 */
import { resolve } from 'node:path'
import { RuntimeError } from '../../actors/errors.ts'
import { corruption } from '../../memory/damage.ts'
import type { JournalReport } from '../../memory/journal-check.ts'
import {
  type LevelJournalOptions,
  openLevelJournal,
  restoreLevelJournal,
  verifyLevelJournal,
} from '../../memory/level-journal.ts'
import { journalCodec, journalDirectory } from '../../runtime/data-directory.ts'
import type { Command } from '../command.ts'
import { addDataDir, dataDirOf, explained, holdsJournal, prepareDataDir } from '../data-dir.ts'
import { EXIT } from '../failure.ts'

const backup: Command = {
  name: 'backup',
  summary: 'copy what is kept, as of one moment, into a new folder, and verify the copy',
  configure: parser => void addDataDir(parser.argument('<folder>', 'a folder that does not exist yet')),
  async run(context) {
    const from = dataDirOf(context)
    await requireJournal(from)
    const to = resolve(context.cwd, context.args[0] ?? '')
    const report = await explained(async () => {
      const journal = await openLevelJournal(optionsOf(from))
      try {
        await prepareDataDir(to)
        return await journal.backup(journalDirectory(to))
      } finally {
        await journal.close()
      }
    })
    context.terminal.show({ folder: to, ...report }, `${countsText(report)} copied to ${to}, and verified`)
    return undefined
  },
}

const restore: Command = {
  name: 'restore',
  summary: 'copy a backup to where nothing is kept yet, and verify the copy',
  configure: parser => void addDataDir(parser.argument('<backup>', 'the folder of a backup')),
  async run(context) {
    const from = resolve(context.cwd, context.args[0] ?? '')
    await requireJournal(from)
    const to = dataDirOf(context)
    await prepareDataDir(to)
    const report = await explained(() =>
      restoreLevelJournal(journalDirectory(from), journalDirectory(to), journalCodec()),
    )
    context.terminal.show({ folder: to, ...report }, `${countsText(report)} restored to ${to}, and verified`)
    return undefined
  },
}

const verify: Command = {
  name: 'verify',
  summary: 'read everything that is kept and say what is damaged',
  configure: parser => void addDataDir(parser),
  async run(context) {
    const dir = dataDirOf(context)
    await requireJournal(dir)
    const report = await explained(() => verifyLevelJournal(optionsOf(dir)))
    const { problems } = report
    const text = problems.length === 0 ? 'everything is whole' : corruption(dir, problems).message
    context.terminal.show(
      { folder: dir, ok: problems.length === 0, ...report },
      `${countsText(report)}: ${text}`,
    )
    return problems.length === 0 ? EXIT.ok : EXIT.failed
  },
}

export const journal: Command = {
  name: 'journal',
  summary: 'back up, restore and verify what is kept',
  subcommands: [backup, restore, verify],
}

const optionsOf = (dataDir: string): LevelJournalOptions => ({
  dir: journalDirectory(dataDir),
  encoder: journalCodec(),
})

/** Throws `usage` where nothing was ever kept: opening it would make it. */
async function requireJournal(dir: string): Promise<void> {
  if (await holdsJournal(dir)) return
  throw new RuntimeError('usage', `nothing is kept in "${dir}"`, {
    fix: 'name the folder where the runs are kept with --data-dir',
  })
}

const countsText = ({ actors, commits, snapshots, records }: JournalReport): string =>
  `${actors} actors, ${commits} commits, ${snapshots} snapshots, ${records} records`

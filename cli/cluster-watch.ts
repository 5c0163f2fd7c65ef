/**
 * Shows a cluster as it changes: drawn again in place on a screen, elsewhere one block of lines, or with `--json` one
 * line, for each change. Used by `ps --watch`; what a picture is made of is its caller's business.
 */
import { sameData } from '../actors/plain.ts'
import type { ClusterClient } from '../runtime/cluster/client/cluster-client.ts'
import { type Picture, standingOf } from './cluster-picture.ts'
import { pictureLines, type Section } from './cluster-rows.ts'
import type { CommandContext } from './command.ts'
import { jsonText, type Paint } from './terminal.ts'

export interface Watched {
  gather(): Promise<Picture>
  look(): Picture
  readonly client: Pick<ClusterClient, 'onChange'>
  readonly sections: readonly Section[]
  readonly most: number
  readonly context: CommandContext
}

/** Between two drawings: silence is counted in seconds. */
const FRAME_MS = 500
/** Between two askings for lists. */
const LISTS_MS = 1_000

/** Resolves when the signal aborts. Throws what the first look throws. */
export async function watchPicture(watched: Watched): Promise<void> {
  const { gather, look, client, context } = watched
  const { signal } = context
  const draw = drawer(watched)
  draw(await gather())
  const again = (): void => draw(look())
  client.onChange(again)
  const frames = setInterval(again, FRAME_MS)
  try {
    while (!signal.aborted) {
      await pause(LISTS_MS, signal)
      // A partition that changes hands, or a server that is away for a moment, is what is watched.
      if (!signal.aborted) await gather().then(draw, () => {})
    }
  } finally {
    clearInterval(frames)
  }
}

function drawer({ sections, most, context }: Watched): (picture: Picture) => void {
  const { terminal, signal } = context
  const { live } = terminal
  const lines = (picture: Picture, paint: Paint, width: number): readonly string[] =>
    pictureLines(picture, { sections, most, width, now: Date.now() }, paint)
  if (live && Number.isFinite(terminal.width) && !terminal.json)
    return picture => {
      if (!signal.aborted)
        live.draw((paint, width, height) => cut(lines(picture, paint, width), height, paint))
    }
  let told: unknown
  return picture => {
    const standing = standingOf(picture)
    if (signal.aborted || sameData(standing, told)) return
    told = standing
    if (terminal.json) terminal.data(jsonText({ v: 1, at: Date.now(), ...picture }))
    else terminal.show(null, paint => `${lines(picture, paint, terminal.width).join('\n')}\n`)
  }
}

/** The top of it: what matters stands there. */
function cut(lines: readonly string[], height: number, paint: Paint): readonly string[] {
  if (lines.length <= height) return lines
  const hidden = lines.length - height + 1
  return [...lines.slice(0, height - 1), paint('dim', `  … ${hidden} more lines: make the window higher`)]
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end, { once: true })
  })

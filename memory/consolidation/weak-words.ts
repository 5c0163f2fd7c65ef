/**
 * Words that people use about anything and to be kind to each other: they make a sentence neither central nor a theme.
 * Read by summaries and themes.
 */
import { stem } from '../recall/words.ts'

const WORDS = `thing things stuff way lot time times day days week weeks month year years today moment people person man
woman guy everyone someone something anything nothing good great nice amazing awesome cool fun love happy bit kind sort
part place point life world experience idea feeling support story picture photo pic chance journey step side end start
work help talk look feel think know want need make take give get see really much well also always never new last next
first one two three little big best better friend family hope plan sure right beautiful special important glad thanks
wow yeah keep going sounds motivated inspiring gorgeous lovely proud excited wonderful fantastic incredible perfect real
appreciate encouragement memories back difference luck congrats joy vibe dream goal passion`

export const WEAK: ReadonlySet<string> = new Set(WORDS.split(/\s+/).map(stem))

import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { ENGLISH_STOP_WORDS, porterStem } from './english.ts'

const test = testSuite('memory/recall/english')

/** From the sample vocabulary of the English stemmer on snowballstem.org, and what Porter's of 1980 does not know. */
const PORTER2 = `
consign consign
consigned consign
consistency consist
consolations consol
conspicuous conspicu
conspiracy conspiraci
constables constabl
knack knack
kneeling kneel
knightly knight
knots knot
generously generous
generically generic
communication communic
arsenal arsenal
relational relat
adoption adopt
skies sky
sky sky
dying die
ties tie
tie tie
cries cri
news news
fluently fluentli
hopping hop
hoping hope
luxuriated luxuri
`

test('stems are those of Porter2: with others, what is in an index on disk is not found again', () => {
  for (const line of PORTER2.trim().split('\n')) {
    const [word = '', stem] = line.split(' ')
    assert.is(porterStem(word), stem, word)
  }
})

test('whatever is no English word comes back as it was', () => {
  for (const word of ['', '7', '2.9.10', '東京', 'é', '🎉', 'x']) assert.is(porterStem(word), word)
})

test('the stop words are in lower case, and each is there once', () => {
  assert.ok(ENGLISH_STOP_WORDS.includes('the'))
  assert.is(new Set(ENGLISH_STOP_WORDS).size, ENGLISH_STOP_WORDS.length)
  for (const word of ENGLISH_STOP_WORDS) assert.is(word, word.toLowerCase())
})

test.run()

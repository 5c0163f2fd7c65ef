import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { Unavailable } from '../scenario.ts'
import {
  cleaned,
  DATA_VARIABLE,
  givenConversations,
  type RawConversation,
  sessionTime,
} from './conversations.ts'

const test = testSuite('bench/memory-recall/conversations')

const planted: RawConversation = {
  sample_id: 'planted',
  conversation: {
    speaker_a: 'Ana',
    speaker_b: 'Bruno',
    session_10: [{ speaker: 'Ana', dia_id: 'D10:1', text: 'last' }],
    session_10_date_time: '12:05 am on 1 January, 2024',
    session_2: [
      { speaker: 'Bruno', dia_id: 'D2:1', text: 'first' },
      { speaker: 'Ana', dia_id: 'D2:2', text: 'look', blip_caption: 'a boat' },
    ],
    session_2_date_time: '1:56 pm on 8 May, 2023',
    session_3_date_time: '1:56 pm on 9 May, 2023',
  },
  qa: [
    { question: 'good', evidence: ['D2:1', 'D10:1'], category: 1 },
    { question: 'two in one', evidence: ['D2:1; D2:2'], category: 4 },
    { question: 'repaired', evidence: ['D:10:01', 'D2:1', 'D2:1'], category: 2 },
    { question: 'nowhere', evidence: ['D', 'D9:9'], category: 3 },
    { question: 'none', category: 5 },
  ],
}

test('turns come in the order of their sessions, not of the keys, with captions and dates', () => {
  const { turns, speakers } = cleaned(planted)
  assert.equal(speakers, ['Ana', 'Bruno'])
  const may = Date.UTC(2023, 4, 8, 13, 56)
  assert.equal(turns, [
    { who: 'Bruno', text: 'first', at: may, session: 0 },
    { who: 'Ana', text: 'look [shares a photo of a boat]', at: may + 1_000, session: 0 },
    { who: 'Ana', text: 'last', at: Date.UTC(2024, 0, 1, 0, 5), session: 2 },
  ])
})

test('malformed evidence is split and repaired, and a question without any is dropped', () => {
  assert.equal(
    cleaned(planted).questions.map(({ text, evidence }) => [text, evidence]),
    [
      ['good', [0, 2]],
      ['two in one', [0, 1]],
      ['repaired', [2, 0]],
    ],
  )
})

test('a date that is none is refused', () => {
  for (const written of ['', 'yesterday', '1:56 pm on 8 Mayo, 2023', undefined])
    assert.throws(
      () => sessionTime(written),
      (error: unknown) => error instanceof RangeError,
    )
})

test('the file is the one that --data named, and without it nothing is measured', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conversations-'))
  const before = process.env[DATA_VARIABLE]
  try {
    writeFileSync(join(folder, 'planted.json'), JSON.stringify([planted]))
    process.env[DATA_VARIABLE] = join(folder, 'planted.json')
    assert.equal(givenConversations(), [cleaned(planted)])
    process.env[DATA_VARIABLE] = ''
    assert.throws(givenConversations, (error: unknown) => error instanceof Unavailable)
  } finally {
    if (before === undefined) delete process.env[DATA_VARIABLE]
    else process.env[DATA_VARIABLE] = before
    rmSync(folder, { recursive: true })
  }
})

test.run()

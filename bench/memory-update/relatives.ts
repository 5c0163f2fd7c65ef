/** What changes in the lives of a person's sister and brother, as the person says it. Templates of `generate.ts`. */
import type { Attribute } from './dialogue.ts'

export const RELATIVES: readonly Attribute[] = [
  {
    name: 'sister',
    of: 'relative',
    values: ['Lyon', 'Aarhus', 'Turin', 'Bergen', 'Seville', 'Krakow', 'Basel', 'Galway'],
    first: [
      'My sister {n} lives in {v} with her two cats.',
      '{n}, my sister, has a tiny flat in {v}.',
      'Called my sister {n} in {v} for an hour, the usual.',
    ],
    change: [
      '{n} has moved to {v}. My sister, who never wanted to leave {o}!',
      'Helped my sister carry boxes: {n} lives in {v} now.',
      '{n} found a place in {v} and gave up the flat in {o}.',
      'My sister {n} is now in {v}, she moved for the better air.',
    ],
    echo: ['Will you visit her soon?', 'I have changed her address to {v}.', 'That is not too far by train.'],
    near: [
      'We might meet halfway in {d} for the holidays.',
      'Got a postcard from {d}, from an old classmate.',
      'The concert is in {d}, too far for one evening.',
    ],
    now: [
      'Where does {n} live?',
      'Where does {n} live now?',
      "Which city does {p}'s sister {n} live in these days?",
      'Where is {n}, the sister of {p}, living at the moment?',
    ],
    month: ['Where did {n} live in {m}?', 'Which city was {n} living in during {m}?'],
    before: ['Where did {n} live before {v}?'],
  },
  {
    name: 'brother',
    of: 'relative',
    values: ['baker', 'paramedic', 'bus driver', 'carpenter', 'librarian', 'gardener', 'pilot'],
    first: [
      'My brother {n} is a {v}, he gets up earlier than anyone.',
      '{n} works as a {v}, that is my little brother for you.',
      'My brother {n} has been a {v} since school.',
    ],
    change: [
      '{n} is a {v} now. My brother never did like being a {o}.',
      'My brother retrained: {n} works as a {v}.',
      '{n} gave up the old job and became a {v}.',
      'Imagine, my brother {n} has passed his exams and is a {v} now.',
    ],
    echo: ['A {v}, that takes patience.', 'How does he like it?', 'Please congratulate him from me.'],
    near: [
      'The {d} next door lent me a ladder.',
      'I wanted to be a {d} when I was six.',
      'A {d} I met on the train told me the best stories.',
    ],
    now: [
      "What is {n}'s job?",
      "What is {n}'s job now?",
      "What does {p}'s brother {n} do for a living these days?",
      'What does {n} work as at present?',
    ],
    month: ["What was {n}'s job in {m}?", 'What did {n} work as in {m}?'],
    before: ["What was {n}'s job before becoming a {v}?"],
  },
]

/** Talk that answers no question of the set, by domain: what memory has to look past. Used by `generate.ts`. */
import type { Chatter } from './dialogue.ts'

export const DAILY: readonly Chatter[] = [
  [
    'Good morning! What is the weather like today?',
    'Cloudy, {number} degrees, and dry until the evening.',
    'Then I will take the bicycle.',
  ],
  [
    'I made {food} yesterday and burnt half of it.',
    'The other half was good, I hope?',
    'Edible. {friend} was kind about it.',
  ],
  [
    '{friend} is coming over on {day}. What do I cook?',
    'Something that can wait in the oven, so that you can talk.',
    'Good thinking.',
  ],
  [
    'Can you remind me to water the tomatoes?',
    'Of course. Every second evening?',
    'Yes, and after holidays twice.',
  ],
  [
    'We watched the match with {friend}, what a disaster.',
    'How did it end?',
    'Let us say I went to bed early.',
  ],
  [
    'I am planning a short trip to {place}.',
    'How many days do you have?',
    'Three, maybe four. {friend} wants to come along.',
    'Then go by train, the view is worth it.',
  ],
  [
    '{place} was beautiful, by the way. {number} photos, all of bridges.',
    'Shall I help you sort them?',
    'Later, I am still unpacking.',
  ],
  ['Do you know a good film for {day}?', 'Something light or something long?', 'Light. It was a long week.'],
  [
    'The heating makes noises again.',
    'Knocking or hissing?',
    'More like a small orchestra.',
    'Then there is air in it. Bleeding it takes five minutes.',
  ],
  [
    '{friend} told me a joke about a horse and I forgot the end.',
    'Those are the best ones.',
    'I will ask again on {day}.',
  ],
  [
    'I ran {number} kilometres today without stopping.',
    'That is more than last month!',
    'And nobody saw it, of course.',
  ],
  ['What goes with {food}?', 'A simple salad with lemon, I would say.', 'And bread. There must be bread.'],
  [
    'I have to write a speech for the wedding of {friend}.',
    'Short, one story, one wish.',
    'You make it sound easy.',
  ],
  ['The cat of {friend} slept on my laptop again.', 'Was anything deleted?', 'Only my patience.'],
  [
    'The train was {number} minutes late.',
    'That is enough for a refund form.',
    'I will fill it in on {day}, maybe.',
  ],
  [
    'I cannot find my keys.',
    'Where were you when you last had them?',
    'If I knew that... found them. In the fridge.',
  ],
  [
    'Somebody painted the bench in our street yellow.',
    'Does it suit the street?',
    'Strangely, yes. {friend} took pictures.',
  ],
  [
    'I want to read more this year.',
    'How about twenty minutes before breakfast?',
    'You have never seen me before breakfast.',
  ],
  [
    '{friend} and I are thinking about a vegetable patch.',
    'Begin with beans and radishes, they forgive a lot.',
    'And in {day} sun we sit next to it.',
  ],
  [
    'What is the capital of Mongolia? For the crossword.',
    'Ulaanbaatar.',
    'It fits. {number} letters left to find elsewhere.',
  ],
  ['There was a power cut in the whole street.', 'Is it back?', 'Since an hour. We had candles and {food}.'],
  [
    'I bought {number} metres of shelf board and the wall is crooked.',
    'Measure at three heights and take the smallest.',
    'I wish I had asked before the saw.',
  ],
  [
    '{friend} asked whether I want to join the choir.',
    'Do you?',
    'I told them that I would think about it until {day}.',
  ],
  [
    'My shoulder hurts from the weekend.',
    'Warmth and small circles help most people.',
    'And no more carrying sofas for {friend}.',
  ],
  [
    'Can you make me a packing list for {place}?',
    'Rain jacket, adapter, two books, swimming things.',
    'Make it three books.',
  ],
  [
    'I forgot the birthday of {friend}.',
    'A call on the day after is still a nice call.',
    'It was two weeks ago.',
    'Then a letter.',
  ],
  ['The bakery had no bread left at noon.', 'On {day} as well?', 'Always when I sleep in.'],
  ['We played cards until two with {friend}.', 'Who won?', 'Not me, I owe them {food}.'],
  ['I am tired of the news.', 'Shall I send only a summary once a week?', 'Yes, please. On {day}.'],
  ['Which tea is good in the evening?', 'Lemon balm or rooibos.', 'Rooibos it is. {friend} left me a tin.'],
  ['The lift is out of order, {number} steps each way.', 'Free training, in a way.', 'With crates of water?'],
  [
    'I saw a fox next to the playground.',
    'They have become used to people.',
    'It looked at me as if I owed it {food}.',
  ],
]

export const PROJECT: readonly Chatter[] = [
  [
    'Morning. What is on the board today?',
    '{number} open tickets, two of them urgent.',
    'Let me get a coffee first.',
  ],
  [
    '{friend} found a flaky test again.',
    'Which one?',
    'The one that waits {number} milliseconds and hopes.',
    'I can make it wait for the event instead.',
  ],
  [
    "Can you summarise yesterday's meeting?",
    'Three decisions, one open point: the onboarding texts.',
    'Send it to {friend} too, please.',
  ],
  [
    'The demo is on {day}. What could go wrong?',
    'The projector, the wireless, and the login.',
    'So, everything.',
  ],
  [
    '{friend} is on holiday until {day}.',
    'I will hold back the review requests.',
    'Thanks, they need the rest.',
  ],
  [
    'We had {number} sign-ups over night.',
    'Is that more than usual?',
    'Twice as many. Somebody wrote about us.',
  ],
  ['The designer sent new icons.', 'Do they fit the old ones?', 'Mostly. The bin looks like a bucket.'],
  [
    'Please write a commit message for the cleanup.',
    '"Remove dead code from the importer".',
    'Short and true. Good.',
  ],
  [
    'I spent {number} hours in calls today.',
    'Shall I block the afternoon of {day} for you?',
    'Yes, with something that sounds important.',
  ],
  [
    '{friend} asks whether we can support right-to-left scripts.',
    'The layout is ready for most of it.',
    'Then put it on the list for later.',
  ],
  ['The build was red for an hour.', 'What was it?', 'A comma. Do not tell {friend}.'],
  [
    'Can you estimate the search page?',
    'Going by similar work: {number} days, give or take two.',
    'I will tell them it is a guess.',
  ],
  [
    'New joiner on {day}. What do we prepare?',
    'Accounts, a small first task, and somebody for lunch.',
    '{friend} does lunch.',
  ],
  ['The customer from {place} called again.', 'About the invoices?', 'About the font on the invoices.'],
  [
    'We are presenting at a meetup in {place}.',
    'How long is the slot?',
    '{number} minutes, so no live coding.',
  ],
  [
    'Retro is on {day}. Any themes?',
    'Long reviews came up {number} times.',
    'Fair. I am one of the slow ones.',
  ],
  ['I cannot log in to the wiki.', 'Single sign-on was restarted, try again.', 'Works.'],
  [
    '{friend} wants to rewrite the parser.',
    'What is the reason?',
    'Beauty.',
    'Then perhaps on {day} afternoon, in a branch.',
  ],
  ['Is there a word for a queue that never empties?', 'Backlog.', 'Very funny.'],
  [
    'The office plants are dying.',
    'Shall I add watering to the rota?',
    'Give it to {friend}, they have a garden.',
  ],
  [
    'We got a nice mail from a user in {place}.',
    'May I add it to the collection?',
    'Please do. Number {number}, I think.',
  ],
  ['The coffee machine shows error {number}.', 'That is the descaling reminder.', 'I fear that machine.'],
  ['{friend} broke staging.', 'Was it the seed script?', 'It always is the seed script.'],
  [
    'Please shorten this paragraph for the changelog.',
    'Done, from six sentences to two.',
    'And nothing is missing. Thank you.',
  ],
  [
    'Our lint rules are a mess.',
    '{number} are switched off somewhere.',
    'We clean that up on {day}. Or the day after.',
  ],
  [
    'Can we drop support for the old browsers?',
    'They make {number} of a thousand visits.',
    'Keep them for one more quarter.',
  ],
  ['I need three slides about accessibility.', 'Contrast, keyboard, labels.', 'One each. Perfect.'],
  [
    '{friend} wrote a great post-mortem.',
    'Shall I link it in the handbook?',
    'Yes, as the example to follow.',
  ],
  [
    'The translations for {place} are late.',
    'I can mark what is missing.',
    'Please, and send the list to {friend}.',
  ],
  [
    'The {sibling} team borrowed our meeting room again.',
    'Shall I book another one?',
    'The small one will do.',
  ],
  [
    'How is {sibling} doing, have you heard?',
    'Only that they have {number} people now.',
    'More than us, then.',
  ],
  [
    '{friend} has to help out on {sibling} until {day}.',
    'I will move their reviews.',
    'Thanks. They will be back in one piece, I hope.',
  ],
  ['We have lunch with the people of {sibling} on {day}.', 'A table for {number}?', 'That should be enough.'],
  [
    'Who ordered {number} mugs?',
    'The order is in the name of the social committee.',
    'There is a social committee?',
  ],
]

export const HOTLINE: readonly Chatter[] = [
  [
    'Hello, is anybody there?',
    'Yes, I am listening. What can I do for you?',
    'Only a question, nothing is broken today.',
  ],
  [
    'Your waiting music is too loud.',
    'I am sorry, I will pass it on.',
    'It is a nice song, though. {friend} sings along.',
  ],
  [
    'I got a letter and do not understand page {number}.',
    'It says that the terms were shortened, nothing else changes.',
    'That could have been one sentence.',
  ],
  [
    'Videos stop every evening.',
    'At about the same time?',
    'When {friend} comes home from work.',
    'Then two devices share the line at that time.',
  ],
  [
    'Can I see how much data we used?',
    'You used {number} gigabytes last week.',
    'That was {friend} with the games.',
  ],
  ['Where is your shop in {place}?', 'Next to the post office, open until six.', 'I will go on {day}.'],
  ['I need a copy of the last invoice.', 'It is in your account under documents.', 'Found it, thank you.'],
  [
    'The voice on the phone called me by a wrong name.',
    'I apologise, the pronunciation list is short.',
    'I did not mind, {friend} laughed.',
  ],
  [
    'We are away for {number} days. Should I switch it off?',
    'It may stay on, it needs little power.',
    'Good, then the plants are not the only ones at home.',
  ],
  [
    'Does it work in the garden as well?',
    'Up to about {number} metres without walls.',
    'The hammock is nearer than that.',
  ],
  [
    'The dog of {friend} bit through a phone line. Not ours!',
    'I hope the dog is well.',
    'Very well. The line is not.',
  ],
  ['Is there maintenance on {day}?', 'At night between two and four.', 'Nobody here is awake then.'],
  [
    'I want to complain about the packaging.',
    'What was wrong with it?',
    'A tiny thing in a box for {number} shoes.',
  ],
  [
    'How do I block calls from robots?',
    'Under security there is a list of unwanted numbers.',
    '{friend} will help me with that.',
  ],
  ['The site says error {number}.', 'It was down for some minutes, please try again.', 'Now it loads.'],
  [
    'I moved the box behind the sofa and it is slower.',
    'It likes to stand free and high.',
    'On the cupboard, then.',
  ],
  ['Thank you for the quick help on {day}.', 'You are welcome.', 'I told {friend} that one can talk to you.'],
  [
    'My password does not work.',
    'I have sent a link for a new one.',
    'It came. Now I need to think of something.',
  ],
  ['Do you also sell in {place}?', 'Yes, in most streets there.', '{friend} will be glad to hear it.'],
  [
    'Is my line affected by the works in the street?',
    'They end on {day}, and only the pavement is open.',
    'And {number} parking spaces are gone.',
  ],
  ['Your survey has {number} questions.', 'You may stop after any of them.', 'I stopped after the first.'],
  [
    'The printer has vanished from the network.',
    'Did it go to sleep?',
    'I pressed something and it printed a page from March last year.',
  ],
  [
    'Can {friend} use the guest network?',
    'Yes, the name is on the sticker.',
    'The sticker is under the box, of course.',
  ],
  [
    'I hear a crackling on the phone.',
    'Also when you use another handset?',
    'No, then it is clear. So it is the old handset.',
  ],
  [
    'What do you do with returned boxes?',
    'They are cleaned, checked and used again.',
    'That is good to hear.',
  ],
  ['Nothing to report, I am just early for a call.', 'Then let me wish you a good {day}.', 'Same to you.'],
]

/** What the assistant suggests to the lead of a software project. Templates of `generate.ts`. */
import type { Advice } from './dialogue.ts'

export const WORK_ADVICE: readonly Advice[] = [
  {
    name: 'date library',
    values: ['date-fns', 'Luxon', 'Day.js', 'js-joda', 'Temporal polyfill'],
    ask: [
      'Which library should we take for dates and time zones?',
      'We need to handle time zones. What do you suggest?',
    ],
    give: [
      'For time zones I suggest {v}; it is small and has no surprises.',
      'I would go with {v} for dates and time zones.',
    ],
    later: ['The time zone bug is closed.', 'Dates are handled properly now, also around midnight.'],
    question: [
      'Which library did you suggest for time zones?',
      'What did the assistant recommend for handling dates?',
    ],
  },
  {
    name: 'queue',
    values: ['BullMQ', 'RabbitMQ', 'NATS', 'SQS', 'Redis Streams'],
    ask: [
      'Where do we put jobs that may wait, like thumbnails?',
      'What would you use as a queue for thumbnails?',
    ],
    give: [
      'Thumbnails can wait: I would put them into {v}.',
      '{v} is enough for thumbnails, and easy to watch.',
    ],
    later: ['Thumbnails no longer block the upload.', 'The thumbnail jobs run at night now.'],
    question: [
      'Which queue did you propose for the thumbnails?',
      'What did the assistant suggest for the thumbnail jobs?',
    ],
  },
  {
    name: 'memory flag',
    values: [
      '--max-old-space-size=4096',
      '--heapsnapshot-near-heap-limit=2',
      '--trace-gc',
      '--expose-gc',
      '--heap-prof',
    ],
    ask: [
      'The worker runs out of memory at night. How do I find out why?',
      'Out of memory again in the worker. Which flag helps?',
    ],
    give: [
      'Start the worker with {v} and keep what it prints.',
      'Run it with {v}, then we look at the file together.',
    ],
    later: ['The worker survived the night.', 'No crash of the worker since Tuesday.'],
    question: [
      'Which flag did you tell me to start the worker with?',
      'What option did the assistant give for the worker that runs out of memory?',
    ],
  },
  {
    name: 'root cause',
    values: [
      'a missing index on the orders table',
      'a connection pool of two',
      'a retry without backoff',
      'a lock held during the mail',
      'an N+1 query in the basket',
    ],
    ask: [
      'Checkout is slow in the afternoon. Here is the trace.',
      'Can you look at the trace of the slow checkout?',
    ],
    give: [
      'In the trace the slow checkout comes from {v}.',
      'Found it: {v} is what makes the checkout slow.',
    ],
    later: ['Checkout is fast again, customers noticed.', 'The graph of the checkout looks flat now.'],
    question: [
      'What did you find to be the reason for the slow checkout?',
      'According to the assistant, what made the checkout slow?',
    ],
  },
  {
    name: 'package name',
    values: ['tidepool', 'lantern', 'quillet', 'brindle', 'sundial'],
    ask: [
      'We need a name for the shared components package.',
      'Any name for our package of shared components?',
    ],
    give: [
      'I would call the package of shared components "{v}". It is free on the registry.',
      'How about "{v}" for the shared components?',
    ],
    later: [
      'The shared components have their own repository now.',
      'Everyone likes the name of the components package.',
    ],
    question: [
      'Which name did you propose for the shared components package?',
      'What did the assistant suggest calling the shared components?',
    ],
  },
  {
    name: 'timeout',
    values: ['800 milliseconds', '2 seconds', '5 seconds', '12 seconds', '30 seconds'],
    ask: [
      'What timeout do we set for calls to the address service?',
      'The address service hangs at times. Which timeout?',
    ],
    give: [
      'I would set the timeout for the address service to {v}, going by its 99th percentile.',
      'Given its history, {v} for the address service.',
    ],
    later: ['The address service hung again and nobody noticed.', 'Address lookups fail fast now.'],
    question: [
      'Which timeout did you recommend for the address service?',
      'What timeout did the assistant give for address lookups?',
    ],
  },
  {
    name: 'pattern',
    values: ['the outbox pattern', 'a saga', 'event sourcing', 'a read model', 'a strangler'],
    ask: [
      'How do we keep stock and orders from drifting apart?',
      'Stock and orders disagree at times. What would you do?',
    ],
    give: [
      'To keep stock and orders together I would use {v}.',
      'That is what {v} is for: stock and orders stay in step.',
    ],
    later: ['Stock and orders agreed all week.', 'The stock report has no red lines any more.'],
    question: [
      'Which pattern did you suggest to keep stock and orders together?',
      'What did the assistant propose against stock and orders drifting apart?',
    ],
  },
  {
    name: 'interview',
    values: [
      'binary search by hand',
      'a code review of a real change',
      'designing a parking garage',
      'debugging a failing test',
      'explaining a past mistake',
    ],
    ask: ['What exercise should we give in interviews?', 'I dislike our interview task. A better one?'],
    give: [
      'In interviews I would let people do this: {v}.',
      'A good interview exercise is {v}, forty minutes.',
    ],
    later: ['The interview went well, we will make an offer.', 'Two interviews this week.'],
    question: [
      'Which exercise did you suggest for interviews?',
      'What interview task did the assistant recommend?',
    ],
  },
  {
    name: 'editor extension',
    values: ['Error Lens', 'GitLens', 'Todo Tree', 'Bookmarks', 'Peacock'],
    ask: [
      'Is there an editor extension that shows errors in the line?',
      'Which extension do you recommend for the editor?',
    ],
    give: ['Install {v} in your editor, that alone is worth it.', 'My pick among editor extensions is {v}.'],
    later: ['My editor looks like a Christmas tree now.', 'The interns installed that editor extension too.'],
    question: [
      'Which editor extension did you recommend?',
      'What did the assistant say to install in the editor?',
    ],
  },
  {
    name: 'diagram tool',
    values: ['Mermaid', 'PlantUML', 'Excalidraw', 'D2', 'Structurizr'],
    ask: ['What do we draw the architecture with?', 'Which tool for diagrams that we can keep in git?'],
    give: ['For diagrams in git, {v}.', 'I would draw them with {v}: text in, picture out.'],
    later: ['The diagrams hang on the wall now.', 'The new joiners understood the diagrams at once.'],
    question: [
      'Which tool did you suggest for diagrams?',
      'What did the assistant recommend to draw the architecture with?',
    ],
  },
  {
    name: 'page size',
    values: ['25 rows', '50 rows', '200 rows', '500 rows', '1,000 rows'],
    ask: ['How many rows per page should the export API give?', 'What page size for the export API?'],
    give: [
      'For the export API I would take {v} per page.',
      'By your numbers {v} per page keep the export API under a second.',
    ],
    later: ['The export API is documented now.', 'Customers are happy with the export API.'],
    question: [
      'Which page size did you recommend for the export API?',
      'How many rows per page did the assistant advise for the export?',
    ],
  },
]

/**
 * Every failure the project raises on purpose: its code, whether the same call may succeed if it is made again, what
 * it means. Read by `errors.ts`; `docs/errors.md` documents each code and a test holds the two together.
 */

interface ErrorEntry {
  readonly code: `AC-${number}`
  /** May the same call succeed if it is simply made again? A supervisor asks this first. */
  readonly retryable: boolean
  readonly meaning: string
}

export const ERRORS = {
  'address-invalid': {
    code: 'AC-1001',
    retryable: false,
    meaning: 'an address or one of its tokens is malformed',
  },
  'not-plain-data': {
    code: 'AC-1002',
    retryable: false,
    meaning: 'a message or state holds something that cannot be stored or sent',
  },
  'envelope-invalid': {
    code: 'AC-1003',
    retryable: false,
    meaning: 'a received envelope does not have the agreed shape',
  },
  'machine-unsupported': {
    code: 'AC-1004',
    retryable: false,
    meaning: 'a machine uses a feature that cannot be made durable',
  },
  'mailbox-full': {
    code: 'AC-1005',
    retryable: true,
    meaning: 'the receiver has as many waiting messages as it accepts',
  },
  'actor-not-found': { code: 'AC-1006', retryable: false, meaning: 'nobody answers at that address' },
  'actor-stopped': { code: 'AC-1007', retryable: false, meaning: 'the actor stopped before it answered' },
  'address-taken': { code: 'AC-1008', retryable: false, meaning: 'an actor already lives at that address' },
  'reserved-event': {
    code: 'AC-1009',
    retryable: false,
    meaning: 'a message type that only the runtime may send came from outside',
  },
  'actor-crashed': {
    code: 'AC-1010',
    retryable: true,
    meaning: 'the actor failed while it handled a message',
  },
  'journal-conflict': {
    code: 'AC-1011',
    retryable: false,
    meaning: 'a commit does not follow the last one of its actor',
  },
  'journal-closed': { code: 'AC-1012', retryable: false, meaning: 'the journal is closed' },
  'definition-invalid': {
    code: 'AC-1013',
    retryable: false,
    meaning: 'a definition given by the user is wrong',
  },
  'runtime-stopped': { code: 'AC-1014', retryable: false, meaning: 'the runtime is stopping or has stopped' },
  'message-unhandled': {
    code: 'AC-1015',
    retryable: false,
    meaning: 'the receiver does nothing with such a message in its present state',
  },
  'dead-letter-unknown': {
    code: 'AC-1018',
    retryable: false,
    meaning: 'there is no dead letter of that id',
  },
  'run-unknown': { code: 'AC-1019', retryable: false, meaning: 'there is no run of that id' },
  'effect-unknown': {
    code: 'AC-1020',
    retryable: false,
    meaning: 'no effect of that id waits for a person',
  },
  'answer-lost': {
    code: 'AC-1016',
    retryable: false,
    meaning: 'an ask was answered before, and the answer is not kept',
  },
  'definition-changed': {
    code: 'AC-1017',
    retryable: false,
    meaning: 'the journal of an actor does not fit the definition it has now',
  },

  'deadline-exceeded': {
    code: 'AC-2001',
    retryable: false,
    meaning: 'the task did not finish before its deadline',
  },
  'attempt-timeout': {
    code: 'AC-2002',
    retryable: true,
    meaning: 'one attempt took longer than an attempt may',
  },
  stalled: { code: 'AC-2003', retryable: true, meaning: 'an attempt showed no progress for too long' },
  cancelled: { code: 'AC-2004', retryable: false, meaning: 'somebody cancelled the work' },
  'retries-exhausted': { code: 'AC-2005', retryable: false, meaning: 'every allowed attempt failed' },
  'circuit-open': {
    code: 'AC-2006',
    retryable: true,
    meaning: 'the target failed too often and is left alone for a while',
  },
  'rate-limited': { code: 'AC-2007', retryable: true, meaning: 'more calls than the limit allows' },
  'budget-exhausted': {
    code: 'AC-2008',
    retryable: false,
    meaning: 'the work would cost more than its budget',
  },
  'ask-cycle': { code: 'AC-2009', retryable: false, meaning: 'actors would wait for each other in a circle' },
  'loop-detected': {
    code: 'AC-2010',
    retryable: false,
    meaning: 'an agent repeats the same call with the same result',
  },
  'restart-intensity': {
    code: 'AC-2011',
    retryable: false,
    meaning: 'a child failed more often than its supervisor tolerates',
  },
  'effect-failed': { code: 'AC-2012', retryable: true, meaning: 'an effect threw an error of its own' },
  'fallback-failed': { code: 'AC-2013', retryable: false, meaning: 'the call and its fallback both failed' },
  'effect-interrupted': {
    code: 'AC-2014',
    retryable: true,
    meaning: 'an effect was under way when its process ended',
  },
  'effect-skipped': {
    code: 'AC-2015',
    retryable: false,
    meaning: 'a person decided to leave out an effect of unknown outcome',
  },

  'model-unknown': {
    code: 'AC-3001',
    retryable: false,
    meaning: 'a model name is not of the form provider:model, or no such provider is known',
  },
  'model-package-missing': {
    code: 'AC-3002',
    retryable: false,
    meaning: 'the package of a model provider is not installed',
  },
  'model-key-missing': {
    code: 'AC-3003',
    retryable: false,
    meaning: 'the key of a model provider is not set',
  },
  'model-failed': {
    code: 'AC-3004',
    retryable: true,
    meaning: 'the model provider failed or could not be reached',
  },
  'model-rejected': { code: 'AC-3005', retryable: false, meaning: 'the model provider rejected the request' },
  refused: { code: 'AC-3006', retryable: false, meaning: 'the model declined to answer' },
  'schema-invalid': {
    code: 'AC-3007',
    retryable: true,
    meaning: 'an answer does not fit its schema, also after one repair',
  },
  'context-overflow': {
    code: 'AC-3008',
    retryable: false,
    meaning: 'the conversation is larger than the model accepts',
  },
  'model-required': {
    code: 'AC-3009',
    retryable: false,
    meaning: 'a skill cannot be done without a language model',
  },
  'turn-limit': {
    code: 'AC-3010',
    retryable: false,
    meaning: 'an agent used all its turns without an answer',
  },
  'skill-unknown': { code: 'AC-3011', retryable: false, meaning: 'an agent does not have that skill' },
  'input-invalid': { code: 'AC-3012', retryable: false, meaning: 'an input does not fit its schema' },
  'embedding-mismatch': {
    code: 'AC-3013',
    retryable: false,
    meaning: 'vectors come from another embedding model than those they are compared with',
  },
  'tool-failed': { code: 'AC-3101', retryable: true, meaning: 'a tool could not do its work' },
  'path-refused': {
    code: 'AC-3102',
    retryable: false,
    meaning: 'a path leaves the folder a tool is confined to',
  },
  'url-refused': { code: 'AC-3103', retryable: false, meaning: 'a URL is not one a tool may fetch' },
  'too-large': {
    code: 'AC-3104',
    retryable: false,
    meaning: 'a document or response is larger than its limit',
  },
  'document-unreadable': {
    code: 'AC-3105',
    retryable: false,
    meaning: 'a document cannot be turned into text',
  },
  'search-unconfigured': {
    code: 'AC-3106',
    retryable: false,
    meaning: 'no web search provider is configured',
  },
  'sources-missing': {
    code: 'AC-3201',
    retryable: false,
    meaning: 'there is nothing to research: no sources, no model, no search provider',
  },
  'sources-empty': {
    code: 'AC-3202',
    retryable: false,
    meaning: 'the given sources hold no readable document',
  },
  'workflow-invalid': { code: 'AC-3301', retryable: false, meaning: 'a workflow definition is wrong' },
  'human-required': {
    code: 'AC-3303',
    retryable: false,
    meaning: 'a person has to decide about an effect of unknown outcome',
  },
  'reference-unresolved': {
    code: 'AC-3302',
    retryable: false,
    meaning: 'a step refers to a value that does not exist',
  },

  'codec-too-large': {
    code: 'AC-4001',
    retryable: false,
    meaning: 'a message is larger than the transport accepts',
  },
  'codec-malformed': { code: 'AC-4002', retryable: false, meaning: 'received bytes are not a valid message' },
  'subject-invalid': {
    code: 'AC-4003',
    retryable: false,
    meaning: 'a subject or subject pattern is malformed',
  },
  'no-responders': {
    code: 'AC-4004',
    retryable: false,
    meaning: 'nobody is subscribed to the subject of a request',
  },
  'transport-closed': { code: 'AC-4005', retryable: false, meaning: 'the transport is draining or closed' },
  'request-timeout': { code: 'AC-4006', retryable: true, meaning: 'nobody answered a request in time' },
  'broker-unavailable': {
    code: 'AC-4007',
    retryable: true,
    meaning: 'the broker cannot be reached, or refuses to keep more',
  },
  'partition-lost': {
    code: 'AC-4008',
    retryable: true,
    meaning: 'another node has taken over the partition that this one was working in',
  },
  'partition-unowned': {
    code: 'AC-4009',
    retryable: true,
    meaning: 'no node serves the partition of an actor or run at the moment',
  },

  usage: { code: 'AC-5001', retryable: false, meaning: 'a command was used wrongly' },
  'output-unwritable': {
    code: 'AC-5002',
    retryable: false,
    meaning: 'a result cannot be written where it was asked for',
  },
  'store-locked': {
    code: 'AC-6001',
    retryable: false,
    meaning: 'a data directory belongs to another runtime that is alive',
  },
  'store-corrupt': {
    code: 'AC-6002',
    retryable: false,
    meaning: 'what is stored is not what was written',
  },
  'store-failed': {
    code: 'AC-6003',
    retryable: false,
    meaning: 'a data directory could not be read or written, and is not used until it is opened again',
  },
  'memory-unknown': { code: 'AC-6004', retryable: false, meaning: 'there is no memory of that id' },

  internal: { code: 'AC-9001', retryable: false, meaning: 'a fault of this software; please report it' },
} as const satisfies Record<string, ErrorEntry>

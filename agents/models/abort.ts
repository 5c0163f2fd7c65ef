/** Why an aborted model call ended, as the error its caller gets. Used by the models of this folder. */
import { RuntimeError } from '../../actors/errors.ts'

/** The signal's own reason if it is a `RuntimeError` (a timeout, a stop), otherwise `cancelled`. */
export const abortError = (model: string, { reason }: AbortSignal): RuntimeError =>
  reason instanceof RuntimeError
    ? reason
    : new RuntimeError('cancelled', `the call of ${model} was cancelled`, { cause: reason })

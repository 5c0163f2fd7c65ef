/** The error for an id that a namespace does not have. */
import { RuntimeError } from '../../actors/errors.ts'

export const unknownMemory = (space: { readonly name: string }, id: string): RuntimeError =>
  new RuntimeError('memory-unknown', `namespace "${space.name}" has no memory "${id.slice(0, 64)}"`, {
    why: 'it was forgotten, or the id is of another namespace',
    fix: 'take an id that list or recall gave',
    details: { namespace: space.name, id: id.slice(0, 64) },
  })

/**
 * Checks of the numbers a policy is made of. The policies' own `check…` functions call these once, when a
 * policy is defined, so that the functions on the hot path need not.
 */
import { RuntimeError } from '../errors.ts'

/** `value`, if it is finite and greater than zero. Throws `definition-invalid` naming `what`. */
export function checkedPositive(what: string, value: number): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  throw refuse(what, value, 'a finite number greater than 0')
}

/** `value`, if it is finite and at least `least`. Throws `definition-invalid` naming `what`. */
export function checkedAtLeast(what: string, value: number, least: number): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= least) return value
  throw refuse(what, value, `a finite number of at least ${least}`)
}

/** `value`, if it is a whole number of at least 1. Throws `definition-invalid` naming `what`. */
export function checkedCount(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw refuse(what, value, 'a whole number of at least 1')
}

const refuse = (what: string, value: unknown, wanted: string): RuntimeError =>
  new RuntimeError('definition-invalid', `${what} is "${String(value)}"`, {
    why: `${what} must be ${wanted}`,
    fix: `give ${what} as ${wanted}`,
    details: { what },
  })

/** The package ships this build without types; it has the surface of its main entry. Used by `codec.ts`. */
declare module 'msgpackr/index-no-eval' {
  export { Packr, RESET_BUFFER_MODE, Unpackr } from 'msgpackr'
}

/** The declarations of this entry point lead nowhere under NodeNext. It is `msgpackr` without its native accelerator. */
declare module 'msgpackr/pack' {
  export { addExtension, Packr } from 'msgpackr'
}

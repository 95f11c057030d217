import { checkpointsGoOn } from './checkpoints.js'
import { imagesAreOfTheCall, restoredStatesCountAlike } from './images.js'
import { copiesEndTogether } from './in-flight.js'
import { lastReleaseCounts } from './releases.js'
import { tablesComeBackToRest } from './tables.js'

/** Short programs that find a bug in milliseconds. Each returns what is wrong, or null. */
export const probes = {
  checkpointsGoOn,
  copiesEndTogether,
  imagesAreOfTheCall,
  lastReleaseCounts,
  restoredStatesCountAlike,
  tablesComeBackToRest,
}

/** The name of one of them. */
export type Probe = keyof typeof probes

/** Where each of them is: a bundle of one is built sooner than one of all. */
export const fileOf: Readonly<Record<Probe, string>> = {
  checkpointsGoOn: 'checkpoints',
  copiesEndTogether: 'in-flight',
  imagesAreOfTheCall: 'images',
  lastReleaseCounts: 'releases',
  restoredStatesCountAlike: 'images',
  tablesComeBackToRest: 'tables',
}

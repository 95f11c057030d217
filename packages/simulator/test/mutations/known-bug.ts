import type { Profile } from '@quorate/simulator'
import type { SourcePatch, SourcePatchOfTwo } from '../../../../tools/source-patch.js'

/** A bug that the simulator has to find, and the profile of the plans that it is looked for with. */
export type KnownBug = (SourcePatch | SourcePatchOfTwo) & { readonly profile: Profile }

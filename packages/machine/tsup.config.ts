import { packageBuild } from '../../tsup.shared.js'

// Installing msgpackr brings an optional package with an install script, so that its code is part of ours instead.
export default packageBuild(['src/index.ts'], ['msgpackr'])

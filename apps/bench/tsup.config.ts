import { packageBuild } from '../../tsup.shared.js'

export default packageBuild([
  'src/core-speed.ts',
  'src/core-allocations.ts',
  'src/core-cost.ts',
  'src/failover.ts',
  'src/image-member.ts',
  'src/large-image.ts',
  'src/member.ts',
  'src/transports.ts',
])

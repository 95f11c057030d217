export { jointIndex, jointVote, type JointQuorum } from './joint.js'
export { majorityIndex, majorityVote, type Majority, type VoteResult } from './majority.js'

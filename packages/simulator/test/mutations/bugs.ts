import { bugsOfClient } from './bugs/client.js'
import { bugsOfCopies } from './bugs/copies.js'
import { bugsOfDriver } from './bugs/driver.js'
import { bugsOfGrowth } from './bugs/growth.js'
import { bugsOfOutcomes } from './bugs/outcomes.js'
import { bugsOfReads } from './bugs/reads.js'
import { bugsOfReplacedClusters } from './bugs/replaced.js'
import { bugsOfReplication } from './bugs/replication.js'
import { bugsOfSessions } from './bugs/sessions.js'
import { bugsOfSnapshots } from './bugs/snapshots.js'
import { bugsOfStorage } from './bugs/storage.js'
import { bugsOfTime } from './bugs/time.js'
import { bugsOfUpgrades } from './bugs/upgrade.js'
import { bugsOfVotes } from './bugs/votes.js'

/** Every known bug that the simulator has to find. */
export const bugs = [
  ...bugsOfVotes,
  ...bugsOfReplication,
  ...bugsOfReads,
  ...bugsOfSnapshots,
  ...bugsOfStorage,
  ...bugsOfDriver,
  ...bugsOfClient,
  ...bugsOfSessions,
  ...bugsOfUpgrades,
  ...bugsOfReplacedClusters,
  ...bugsOfCopies,
  ...bugsOfTime,
  ...bugsOfOutcomes,
  ...bugsOfGrowth,
]

import { describeError } from '@quorate/contracts'
import type { Callers } from './callers.js'
import type { ClockKeeper } from './clock-keeper.js'
import type { LeaderView } from './leader-view.js'
import type { CheckedOptions } from './options.js'

/**
 * A leader that goes in peace leaves another one behind, so that nobody has to wait for an election timeout. One that is
 * alone hands what it counted over to its next start.
 */
export async function handOver(
  { id, logger, closeTimeoutMs }: CheckedOptions,
  leader: LeaderView,
  hasOthers: boolean,
  callers: Callers,
  clockKeeper: ClockKeeper,
  reason: string,
): Promise<void> {
  if (!leader.isSelf) return
  if (!hasOthers) return clockKeeper.commit()
  try {
    logger.info({ id, reason }, 'this leader hands over')
    await callers.transferLeadership(null, { timeoutMs: closeTimeoutMs })
  } catch (error) {
    logger.info({ id, error: describeError(error) }, 'leadership was not handed over')
  }
}

import type { Remains } from '@quorate/contracts'
import type { FileSettings } from './options.js'
import { readJournal, replayFrom } from './replay.js'
import { readWholePlace } from './whole-place.js'

/**
 * What is left in a directory, read as `open` would read it and not changed: an unfinished tail is left out and not cut,
 * and nothing is synced. For whoever copies it elsewhere and syncs that. Throws what `open` throws.
 */
export async function readRemains(settings: FileSettings): Promise<Remains> {
  const { contents, snapshot, snapshots, survey } = await readWholePlace(settings)
  return {
    identity: contents.identity?.bytes ?? null,
    snapshot,
    replay: async (onRecord) => {
      if (!survey) return { records: 0, bytes: 0, cut: null }
      const batches = readJournal(settings, survey.needed, survey.end)
      return { ...(await replayFrom(survey.release, batches, onRecord)), cut: survey.cut }
    },
    openSnapshot: (position) => snapshots.openSource(position),
  }
}

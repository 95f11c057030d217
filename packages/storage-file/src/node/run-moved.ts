import { declareMoved } from '../moved.js'
import type { FileSettings } from '../options.js'

/** `quorate-storage moved`: ties a directory to the files that it has now. Returns what to say. */
export async function runMoved(settings: FileSettings): Promise<readonly string[]> {
  const { files, directory } = settings
  const unlock = await files.lock(directory)
  try {
    if (await declareMoved(settings)) return [`${directory} is where its member starts from now on.`]
    return [`${directory} was not moved: its files are those in which it was written. Nothing was changed.`]
  } finally {
    await unlock()
  }
}

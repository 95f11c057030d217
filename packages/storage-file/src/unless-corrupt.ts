import { QuorateError } from '@quorate/contracts'

/**
 * What was read, or null if it is damaged. Only `STORAGE_CORRUPT` is damage: a file that a newer program wrote is whole,
 * and one that could not be read just now may be, so those errors pass.
 */
export async function unlessCorrupt<Result>(read: () => Promise<Result>): Promise<Result | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof QuorateError && error.code === 'STORAGE_CORRUPT') return null
    throw error
  }
}

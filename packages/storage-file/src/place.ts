import { hexOfBytes } from '@quorate/contracts'
import type { FailStop } from './fail-stop.js'
import type { FileSettings } from './options.js'

/** A directory in use: what all parts of a storage share. */
export interface Place {
  readonly settings: FileSettings
  readonly failStop: FailStop
  /** 16 random bytes, made with the directory and written into every file, so that files of others are not believed. */
  readonly id: Uint8Array
}

/** Bytes of a place's id. */
export const placeIdBytes = 16

export function pathIn({ settings }: Pick<Place, 'settings'>, name: string): string {
  return `${settings.directory}/${name}`
}

export function describePlaceId(id: Uint8Array): string {
  return `place ${hexOfBytes(id)}`
}

import { sha256 } from '@noble/hashes/sha2.js'
import { ByteWriter, compareIds, hexOfBytes, type Members } from '@quorate/contracts'

/**
 * What keeps two clusters apart: a hash of the cluster's name and its founders' sorted ids, so that a founder whose
 * address has changed is still one of them (decision D18). 32 hexadecimal digits.
 */
export function clusterIdOf(cluster: string, founders: Members): string {
  const writer = new ByteWriter().ascii(cluster)
  for (const id of founders.map((member) => member.id).sort(compareIds)) writer.ascii(id)
  return hexOfBytes(sha256(writer.finish()).subarray(0, 16))
}

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The script that makes certificates of a cluster and its clients. */
export const clusterScript = fileURLToPath(new URL('./cluster.sh', import.meta.url))

/** False where the script cannot run: then its tests are skipped. */
export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

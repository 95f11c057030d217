import { forgetfulFiles } from '@quorate/conformance'
import type { FileLayer, OpenFile } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { live } from './places.js'

/** Files whose syncs answer at once and do nothing from some moment on, as those of a disk with a lying cache do. */
function lying(files: FileLayer): { files: FileLayer; lie: () => void } {
  let isLying = false
  const wrapped = (file: OpenFile): OpenFile => ({
    read: (offset, length) => file.read(offset, length),
    write: (offset, chunks) => file.write(offset, chunks),
    datasync: () => (isLying ? Promise.resolve() : file.datasync()),
    truncate: (length) => file.truncate(length),
    size: () => file.size(),
    close: () => file.close(),
  })
  return {
    files: { ...files, open: async (path, mode) => wrapped(await files.open(path, mode)) },
    lie: () => {
      isLying = true
    },
  }
}

test('D35, W4: a disk that lies about its syncs is a documented limit: what it lost cannot be missed, what it kept is whole', async () => {
  const disk = forgetfulFiles(1)
  const { files, lie } = lying(disk)
  const life = await live(files, { segmentBytes: 8_192 })
  await life.append('kept')
  lie()
  await life.append('lost')
  disk.powerCut()
  const { records, report } = await live(disk, { segmentBytes: 8_192 })
  expect(records).toEqual(['kept'])
  expect(report.cut).toBeNull()
})

// What is left after a kill -9: of a fan-out under way, and of posts that were answered 202.
import { waitFor } from '../../test/support/wait-for.ts'
import { postAll, type Scene, settled, signNotes } from './traffic.ts'

/** Deliveries made when it is killed. */
const killAfter = 100
/** So long without a change is the end: longer than our first pause before another attempt, and than snac's looks. */
const whenQuiet = ({ subject }: Scene) => ({
  everyMs: 500,
  quietMs: subject.isSlow ? 15_000 : 80_000,
})

/** Inboxes that have the post in the end, when the server is killed in the middle and started again. Needs followers. */
export async function crashInFanOut(scene: Scene): Promise<number> {
  const { subject, load } = scene
  load.reset()
  // Its answer may be cut off by the kill.
  const published = subject.publish('Hello everyone, in spite of a crash').catch(() => undefined)
  await waitFor(() => load.reached() >= killAfter, {
    what: `the first ${killAfter} deliveries of ${subject.name}`,
    timeoutMs: 60_000,
    everyMs: 1,
    context: subject.log,
  })
  await subject.crash()
  await published
  return settled(async () => load.reached(), whenQuiet(scene))
}

/** How many posts are there after a kill right behind the last 202, and a start. */
export async function crashAfterPosts(scene: Scene): Promise<number> {
  const prefix = `https://load.test/author/n/${scene.subject.name}-crash-`
  await postAll(scene, signNotes(scene, prefix))
  await scene.subject.crash()
  return settled(() => scene.subject.stored(prefix), whenQuiet(scene))
}

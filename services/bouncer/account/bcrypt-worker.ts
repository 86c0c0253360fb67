// One check of bcrypt, in a thread of its own: bcryptjs works on in pieces of 100 ms, which would hold everybody.
import { parentPort, workerData } from 'node:worker_threads'
import { compare } from 'bcryptjs'

const { password, hash } = workerData as { password: string; hash: string }
void compare(password, hash).then((fits) => parentPort?.postMessage(fits))

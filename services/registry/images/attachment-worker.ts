// Reads one attached document in a thread of its own: one of many megabytes would hold everybody.
import { parentPort, workerData } from 'node:worker_threads'
import { type AttachmentQuestion, openAttachment } from './attachment.ts'

parentPort?.postMessage(openAttachment(workerData as AttachmentQuestion))

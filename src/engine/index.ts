/** @file What users of the library have of `engine`: a session for an ONNX model. */
export { openSession } from "#engine";
export type { Arrays, Session, SessionOptions } from "./session.ts";

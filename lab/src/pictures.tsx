/** @file The left pane: pictures come in (drop, paste, files, folder, camera) and stay in this tab. */
import { memo } from "preact/compat";
import { useEffect, useRef, useState } from "preact/hooks";
import { addImages } from "./brain-state.ts";
import { BRAIN_FILE, chosenFiles, droppedFiles, FOLDER, type Named, TABLE_FILE } from "./files.ts";
import {
  addPictures,
  changed,
  choose,
  chosenId,
  fail,
  type Picture,
  pictures,
  queue,
  removePictures,
  run,
  stopQueue,
} from "./state.ts";
import { addOwn } from "./train-state.ts";
import { score } from "./words.tsx";

function Camera({ close }: { close: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    let stream: MediaStream | undefined;
    navigator.mediaDevices?.getUserMedia({ video: { facingMode: "environment" } }).then(
      (opened) => {
        stream = opened;
        if (video.current) video.current.srcObject = opened;
      },
      () => {
        fail(
          new Error(
            "lab: a camera was expected, got none or no permission. Allow it beside the page's address, or drop a picture.",
          ),
        );
        close();
      },
    );
    return () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, []);
  const take = async () => {
    const { videoWidth, videoHeight } = video.current!;
    const canvas = new OffscreenCanvas(videoWidth, videoHeight);
    canvas.getContext("2d")!.drawImage(video.current!, 0, 0);
    close();
    await addPictures([{ name: "camera.png", file: await canvas.convertToBlob() }]);
  };
  return (
    <div class="camera">
      <video ref={video} autoplay muted playsInline />
      <button type="button" onClick={() => void take()}>
        Take the picture
      </button>
      <button type="button" onClick={close}>
        Close
      </button>
    </div>
  );
}

/** One picture; a component that stays while others come in. */
const Row = memo(function Row({ picture }: { picture: Picture }) {
  const { id, name, url, rest, now, problem } = picture;
  const answer = now ?? rest;
  const isChosen = chosenId.value === id;
  return (
    <li class={isChosen ? "picture on" : "picture"}>
      <button
        type="button"
        class={problem ? "pick alone" : "pick"}
        aria-pressed={isChosen}
        disabled={!rest}
        onClick={() => choose(id)}
      >
        {!problem && (url ? <img src={url} alt="" /> : <i aria-hidden="true" />)}
        <span>
          {name}
          {answer && (
            <small>
              valence {score(answer.valence)} &ensp; arousal {score(answer.arousal)}
            </small>
          )}
          {problem && <small class="problem">{problem}</small>}
        </span>
      </button>
      <button type="button" class="remove" aria-label={`Remove ${name}`} onClick={() => removePictures([id])}>
        ×
      </button>
    </li>
  );
});

/** Rows that are drawn; a folder's others are in the table's file. */
const DRAWN = 60;

export function PicturesPane() {
  const [over, setOver] = useState(false);
  const [camera, setCamera] = useState(false);
  const { done, total } = queue.value;
  const all = pictures.value;
  const last = all.findLast(({ milliseconds }) => milliseconds !== undefined);
  const take = (files: readonly Named[]) => {
    const images = files.filter(({ name }) => BRAIN_FILE.test(name));
    if (images.length > 0) void addImages(images);
    const others = images.length > 0 ? files.filter((file) => !images.includes(file)) : files;
    if (others.length === 0) return;
    const rated = others.some(({ name }) => TABLE_FILE.test(name));
    return rated ? addOwn(others) : addPictures(others);
  };
  useEffect(() => {
    const stop = (event: DragEvent) => event.preventDefault();
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      if (event.dataTransfer) void droppedFiles(event.dataTransfer).then(take, fail);
    };
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) void take(files.map((file) => ({ name: file.name, file })));
    };
    addEventListener("dragover", stop);
    addEventListener("drop", drop);
    addEventListener("paste", paste);
    return () => {
      removeEventListener("dragover", stop);
      removeEventListener("drop", drop);
      removeEventListener("paste", paste);
    };
  }, []);
  return (
    <section class="pane pictures" aria-labelledby="pictures-title">
      <h2 id="pictures-title">Pictures never leave this tab</h2>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: drops land anywhere on the page; the buttons do the same by keyboard */}
      <div
        class={over ? "drop over" : "drop"}
        onDragEnter={() => setOver(true)}
        onDragLeave={() => setOver(false)}
      >
        <p>Drop or paste pictures or a folder</p>
        <div class="ways">
          <label class="button">
            Files
            <input type="file" multiple onChange={(event) => void take(chosenFiles(event.currentTarget))} />
          </label>
          <label class="button">
            Folder
            <input
              {...FOLDER}
              type="file"
              multiple
              onChange={(event) => void take(chosenFiles(event.currentTarget))}
            />
          </label>
          <button type="button" onClick={() => setCamera(true)}>
            Camera
          </button>
        </div>
      </div>
      {camera && <Camera close={() => setCamera(false)} />}
      {total > 3 && (
        <p class="queue" role="status">
          <progress value={done} max={total} aria-label="Pictures" /> {done} of {total}
          <button type="button" onClick={stopQueue}>
            Stop
          </button>
        </p>
      )}
      {all.length === 0 && run.value && total === 0 && (
        <p class="empty">No picture yet: drop one, and the answer appears at once.</p>
      )}
      {all.length === 0 && !run.value && (
        <p class="empty">No model yet: train one below, or start the lab with a run.</p>
      )}
      <ul>
        {all.slice(0, DRAWN).map((picture) => (
          <Row key={picture.id} picture={picture} />
        ))}
      </ul>
      {all.length > DRAWN && <p class="fine">{all.length - DRAWN} more are in the table's CSV file.</p>}
      {run.value?.about.trainedOn.set === "emoji" && (
        <p class="fine">
          The model learned from 81 emoji, the three embedded ones among them: answers to those are no test.
        </p>
      )}
      {last && (
        <p class="fine" data-test="timing">
          {Math.round(last.milliseconds!)} ms for the last picture, wasm, {crossOriginIsolated ? 2 : 1}{" "}
          threads
          {changed.value.length > 0 && "; gains changed"}
        </p>
      )}
    </section>
  );
}

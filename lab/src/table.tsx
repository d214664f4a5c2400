/** @file All answers as a table and as a CSV file. */
import { memo } from "preact/compat";
import { writeCsv } from "../../src/core/csv.ts";
import { download } from "./download.ts";
import { changed, choose, KEPT, type Picture, pictures, removePictures } from "./state.ts";
import { changesText } from "./words.tsx";

const COLUMNS = ["file", "valence", "arousal", "valence_at_rest", "arousal_at_rest", "problem"];
const DRAWN = 200;

/** One row per picture; numbers under changed gains only where tokens are kept. */
function csv(): string {
  const rest = changed.value.length === 0;
  return writeCsv(
    COLUMNS,
    pictures.value.map((picture) => {
      const now = picture.now ?? (rest ? picture.rest : undefined);
      return [
        picture.name,
        now?.valence,
        now?.arousal,
        picture.rest?.valence,
        picture.rest?.arousal,
        picture.problem,
      ];
    }),
  );
}

const three = (value: number | undefined) => value?.toFixed(3) ?? "";

/** One picture; a component that stays while others come in. */
const Row = memo(function Row({ picture, isChanged }: { picture: Picture; isChanged: boolean }) {
  const { id, name, rest, now, problem } = picture;
  const answer = now ?? (isChanged ? undefined : rest);
  return (
    <tr onClick={() => rest && choose(id)}>
      <th scope="row">{name}</th>
      {problem ? (
        <td colSpan={4} class="problem">
          {problem}
        </td>
      ) : (
        <>
          <td>{three(answer?.valence)}</td>
          <td>{three(answer?.arousal)}</td>
          {isChanged && <td>{three(rest?.valence)}</td>}
          {isChanged && <td>{three(rest?.arousal)}</td>}
        </>
      )}
    </tr>
  );
});

export function TablePanel() {
  const all = pictures.value;
  if (all.length === 0)
    return <p class="empty">Every picture gets a row here; a folder's rows can be saved as CSV.</p>;
  const isChanged = changed.value.length > 0;
  return (
    <>
      <div class="bar">
        <p>
          {all.length} {all.length === 1 ? "picture" : "pictures"}
          {isChanged && `, with ${changesText()}`}
          {all.length > KEPT && `; sliders act on the first ${KEPT}`}
        </p>
        <button type="button" onClick={() => download("vca.csv", new Blob([csv()], { type: "text/csv" }))}>
          Save as CSV
        </button>
        <button type="button" onClick={() => removePictures(all.map(({ id }) => id))}>
          Remove all
        </button>
      </div>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Picture</th>
              <th scope="col">Valence</th>
              <th scope="col">Arousal</th>
              {isChanged && <th scope="col">Valence at rest</th>}
              {isChanged && <th scope="col">Arousal at rest</th>}
            </tr>
          </thead>
          <tbody>
            {all.slice(0, DRAWN).map((picture) => (
              <Row key={picture.id} picture={picture} isChanged={isChanged} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

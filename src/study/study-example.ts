/** @file The study that `vca run --init` writes: every key with a word on it. */

/** YAML text. */
export const STUDY_EXAMPLE = `# A study: every encoder with every circuit, and what follows from them. Run it with
#   vca run study.yaml --out runs/study
# Interrupted, the same command goes on; edited, it computes only what changed. \`--dry-run\` shows the steps.

stimuli: emoji               # or oasis:PATH, iaps:PATH, table:FILE.csv ...; see \`vca data list\`
# scale: 1-9                 # the rating scale, where the set does not fix it; or table:FILE.csv@1-9

encoders: [efficientnet-lite0]  # names of \`vca encoders\`, owner/name of the hub, folders, .onnx files
circuits: [vca, serial-linear]  # names of \`vca circuits\`, or YAML files of your own

splits: [random]             # random, stratified, grouped, leave-one-group-out: each is a fit of its own
# group: theme               # column whose labels stay together in grouped folds, halves and intervals
folds: 10
seeds: 3                     # networks per fold
seed: 0

fit:                         # further options of every fit, as in \`vca fit --help\`
  tapChoice: inner
#  epochs: 20
#  recipe: vca

# test:                      # the paper's design: train on some sets, test on another that was never seen
#  - iaps:PATH               # licensed: put the path of your own copy here

analyses: [units, geometry, lesions, attention]  # on two halves: trained on one, looked into with the other
shuffledRatings: false       # units also against networks trained on shuffled ratings
report: true
`;

// While the sound plays, a cursor runs through every figure; a click in a figure plays from there.
for (const episode of document.querySelectorAll(".episode")) {
  const { start, end, sound, left, right } = Object.fromEntries(
    Object.entries(episode.dataset).map(([key, value]) => [key, Number(value)]));
  const audio = episode.querySelector("audio");
  if (!audio) continue;
  const plots = [...episode.querySelectorAll(".timed .plot")];
  const cursors = plots.map((plot) => plot.appendChild(Object.assign(document.createElement("div"), { className: "cursor" })));
  const show = () => {
    const share = (audio.currentTime + sound - start) / (end - start);
    for (const cursor of cursors) {
      cursor.style.display = share >= 0 && share <= 1 ? "block" : "none";
      cursor.style.left = 100 * (left + share * (right - left)) + "%";
    }
    if (!audio.paused) requestAnimationFrame(show);
  };
  const seek = (time) => {
    audio.currentTime = Math.max(0, time - sound);
    audio.play();
  };
  audio.addEventListener("play", show);
  audio.addEventListener("seeked", show);
  for (const plot of plots) {
    plot.addEventListener("click", (event) => {
      const box = plot.getBoundingClientRect();
      const share = ((event.clientX - box.left) / box.width - left) / (right - left);
      if (share >= 0 && share <= 1) seek(start + share * (end - start));
    });
  }
  for (const frame of episode.querySelectorAll(".frames figure"))
    frame.addEventListener("click", () => seek(Number(frame.dataset.time)));
}

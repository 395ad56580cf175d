/* Show the description of the API, in the light or dark that the reader's system asks for. */
"use strict";

(function () {
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var page = document.getElementById("docs");

  function paint() {
    document.documentElement.classList.toggle("dark-mode", dark.matches);
  }

  paint();
  dark.addEventListener("change", paint);
  window.SwaggerUIBundle({
    url: page.dataset.schema,
    domNode: page,
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: false,
    persistAuthorization: false,
    tryItOutEnabled: false,
    // The viewer's own defaults ask a server on the internet about the description.
    validatorUrl: null
  });
})();

"""The Django project that is measured: the demo's app, its table without capture, views as people write them."""

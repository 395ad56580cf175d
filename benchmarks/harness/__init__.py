"""What measurements are made with: databases, servers, clients, clocks. Knows neither Django nor what is measured."""

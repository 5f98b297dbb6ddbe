// The list of the demo's products.
#pragma once

#include <cstdint>
#include <string_view>

namespace merlon::server {

struct DemoProduct {
    std::string_view name;
    std::string_view description;
    std::int64_t price;  // euro cents
    std::int64_t stock;
};

inline constexpr DemoProduct demo_products[] = {
    {"Walnut writing desk", "Solid walnut, 140 by 70 cm, with a drawer for cables.", 64900, 14},
    {"Oak standing desk", "Electric, 65 to 128 cm high, remembers four heights.", 79900, 11},
    {"Birch side table", "Small enough for a corner, strong enough for a printer.", 8900, 42},
    {"Office chair, mesh back", "Lumbar support and armrests that move in four directions.", 32900,
     23},
    {"Felt-covered stool", "For meetings that should not take long.", 11900, 37},
    {"Three-shelf bookcase", "Ash veneer, 80 cm wide; carries 30 kg a shelf.", 18900, 18},
    {"Monitor arm", "Clamps to desks up to 8 cm thick; for screens up to 9 kg.", 9900, 64},
    {"Laptop stand, aluminium", "Lifts the screen by 15 cm and folds flat.", 4490, 120},
    {"Desk lamp, brass", "Warm light, dimmed by a turn of its foot.", 12900, 33},
    {"Clip-on reading lamp", "Runs for 20 hours between charges.", 2990, 150},
    {"Floor lamp, linen shade", "158 cm high, with a switch for the foot.", 15900, 21},
    {"LED bulb, warm white", "806 lumen at 7 W, E27.", 690, 480},
    {"Mechanical keyboard", "Quiet tactile switches, 75 per cent layout, USB-C.", 13900, 46},
    {"Vertical mouse", "Keeps the wrist upright; for right hands.", 5990, 72},
    {"Webcam, 1440p", "With a shutter that closes for good.", 8490, 58},
    {"Headset with microphone", "Cancels the office, not the voice.", 14900, 39},
    {"USB-C dock", "Two screens, Ethernet and 96 W over one cable.", 17900, 41},
    {"USB-C cable, 2 m", "Carries 100 W and 10 Gbit/s.", 1990, 260},
    {"Power strip, five sockets", "Switched, with surge protection and a 3 m lead.", 2790, 95},
    {"Cable sleeve, 1.5 m", "Zips around eight cables.", 1290, 180},
    {"Dot-grid notebook, A5", "160 pages that take ink without bleeding.", 1690, 320},
    {"Lined notebook, B6", "Sewn, so that it lies flat from the first page.", 1390, 290},
    {"Weekly planner", "Undated; begins whenever you do.", 1990, 140},
    {"Index cards, 200", "Ruled on one side, 190 g/m2.", 590, 400},
    {"Fountain pen, steel nib", "Fine nib, takes cartridges and a converter.", 3490, 67},
    {"Gel pens, set of four", "Black, blue, red and green; 0.5 mm.", 990, 310},
    {"Mechanical pencil, 0.7 mm", "Brass body that gets better looking with the years.", 2490, 88},
    {"Ink, midnight blue, 50 ml", "Dries in four seconds and survives a spilled coffee.", 1490,
     110},
    {"Pencil case, waxed canvas", "Holds what a working day needs.", 2290, 76},
    {"Sticky notes, recycled", "Twelve pads that stay where they are put.", 890, 350},
    {"Espresso machine", "Heats up in three minutes; 15 bar, 1.8 l tank.", 38900, 9},
    {"Burr grinder", "Forty settings, from Turkish to French press.", 15900, 17},
    {"Pour-over set", "Dripper, glass server and forty filters.", 3990, 54},
    {"Coffee beans, 1 kg", "Washed Ethiopian, roasted on Mondays.", 2490, 130},
    {"Green tea, 100 g", "Sencha of the first harvest.", 1290, 160},
    {"Stoneware mug", "330 ml, glazed by hand, so no two are alike.", 1590, 210},
    {"Insulated bottle, 750 ml", "Cold for a day, hot for half of one.", 2990, 125},
    {"Lunch box, steel", "Two compartments, no plastic.", 2790, 84},
    {"Plant pot, terracotta", "18 cm, with a saucer.", 1290, 115},
    {"Monstera deliciosa", "About 60 cm high; forgives a forgotten week.", 3490, 26},
    {"Snake plant", "Grows in corners that nothing else likes.", 2490, 31},
    {"Watering can, 1 l", "A spout thin enough for the smallest pot.", 1890, 63},
    {"Backpack, 20 l", "Waterproof, with a padded place for a 15 inch laptop.", 9990, 48},
    {"Messenger bag", "Waxed cotton and leather, closes with one hand.", 12900, 22},
    {"Umbrella, windproof", "Turns inside out and back without breaking.", 3990, 91},
    {"Wool throw", "130 by 180 cm, woven from recycled yarn.", 6990, 36},
    {"Seat cushion, linen", "45 by 45 cm, washable cover.", 2990, 78},
    {"Wall clock, silent", "30 cm, without a tick.", 4490, 44},
    {"Cork board, 60 by 90 cm", "Framed in oak, with twenty pins.", 3790, 52},
    {"Whiteboard markers, eight", "Wipe off after weeks, too.", 1190, 230},
};

}  // namespace merlon::server
